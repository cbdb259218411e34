import { expect, test } from 'vitest'
import { errorCodes } from '../protocol/error-codes.ts'
import { kafkaError } from './kafka-error.ts'

test.each([
  ['a topic with a bad name', 'bad name', /letters, digits/],
  ['a topic of the brokers', '__consumer_offsets-3', /only brokers write/],
  ['a topic of the brokers, said in full', 'topic __transaction_state', /only brokers write/],
  ['a topic that is only named much like one', '__consumer_offsets_of_mine', /letters, digits/],
])('what to do about %s is told', (_, where, remedy) => {
  expect(kafkaError(errorCodes.INVALID_TOPIC_EXCEPTION, where).remedy).toMatch(remedy)
})
