import { expect, test } from 'vitest'
import {
  ago,
  behind,
  bytes,
  clock,
  counted,
  figure,
  percent,
  rate,
  span,
  timeOfDay,
  whole,
} from './format.ts'

test('figures have three significant digits and a unit', () => {
  expect([0, 7, 514, 999, 1310, 12_449, 999_999, 48_200_000].map(figure)).toEqual([
    '0',
    '7',
    '514',
    '999',
    '1.31k',
    '12.4k',
    '1.00M',
    '48.2M',
  ])
  expect(rate(12_100)).toBe('12.1k/s')
  expect(rate(3.25)).toBe('3.25/s')
})

test('what is not known is a dash and never a zero', () => {
  expect([figure, rate, bytes, span, percent, whole].map((write) => write(undefined))).toEqual(
    Array(6).fill('–'),
  )
  expect(figure(Number.NaN)).toBe('–')
  expect(timeOfDay(-1, 0)).toBe('–')
})

test('sizes use binary units', () => {
  expect([68, 1024, 3.2 * 1024 ** 2].map(bytes)).toEqual(['68 B', '1.00 KiB', '3.20 MiB'])
})

test('spans pick the unit that people would', () => {
  expect([0.25, 4.1, 400, 59_900, 540_000, 7_200_000, 3 * 86_400_000].map(span)).toEqual([
    '0.25 ms',
    '4.10 ms',
    '0.4 s',
    '59.9 s',
    '9 min',
    '2.00 h',
    '3 d',
  ])
  expect([40, 83.6, 59_000, 120_000].map(behind)).toEqual(['0.0 s', '0.1 s', '59.0 s', '2 min'])
  expect(ago(1000, 4000)).toBe('just now')
  expect(ago(0, 540_000)).toBe('9 min ago')
})

test('clocks and times of day keep their width', () => {
  expect(clock(192_400)).toBe('00:03:12')
  expect(clock(undefined)).toBe('--:--:--')
  const noon = new Date(2026, 10, 23, 12, 3, 1, 7).getTime()
  expect(timeOfDay(noon, noon)).toBe('12:03:01.007')
  expect(timeOfDay(noon, noon + 86_400_000)).toBe('2026-11-23 12:03:01.007')
})

test('counted nouns agree with their number', () => {
  expect([counted(1, 'record'), counted(1204, 'record'), counted(2, 'entry', 'entries')]).toEqual([
    '1 record',
    '1,204 records',
    '2 entries',
  ])
})
