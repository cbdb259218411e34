/** Kafka's rule. The text of what is wrong with the name; undefined: nothing. */
export function topicNameFault(name: string): string | undefined {
  if (name === '') return 'the empty string is not allowed'
  if (name === '.' || name === '..') return `'${name}' is not allowed`
  if (name.length > 249) return 'it is longer than 249 characters'
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) {
    return 'it contains a character other than ASCII alphanumerics, ".", "_" and "-"'
  }
  return undefined
}

/** Names that differ only in "." and "_" would share the names of their metrics. */
export function collides(a: string, b: string): boolean {
  return a !== b && a.replaceAll('.', '_') === b.replaceAll('.', '_')
}

export const offsetsTopic = '__consumer_offsets'
export const transactionsTopic = '__transaction_state'

export function isInternalTopic(name: string): boolean {
  return name === offsetsTopic || name === transactionsTopic
}
