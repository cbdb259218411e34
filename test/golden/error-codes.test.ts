import { describe, expect, it } from 'vitest'
import { errorCodes, errorOf } from '../../engine/protocol/error-codes.ts'
import { readGolden } from './golden-data.ts'

const theirs = readGolden<[number, string, boolean][]>('error-codes.golden.json')

describe('error codes', () => {
  it('have the numbers, names and retriability that Kafka gives them', () => {
    const ours = theirs.map(([code]) => [errorOf(code).code, errorOf(code).name, errorOf(code).retriable])
    expect(ours).toEqual(theirs)
    expect(Object.entries(errorCodes)).toEqual(theirs.map(([code, name]) => [name, code]))
  })

  it('of the future read as an unknown error of the server', () => {
    expect(errorOf(9999).name).toBe('UNKNOWN_SERVER_ERROR')
  })
})
