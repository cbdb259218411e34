/** Items that have no identity of their own, with keys for React: their text, and which one of that text it is. */
export function keyed<T>(
  items: readonly T[],
  textOf: (item: T) => string,
): readonly { readonly key: string; readonly item: T }[] {
  const seen = new Map<string, number>()
  return items.map((item) => {
    const text = textOf(item)
    const turn = (seen.get(text) ?? 0) + 1
    seen.set(text, turn)
    return { key: `${text}#${turn}`, item }
  })
}
