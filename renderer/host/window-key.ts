/**
 * What opens the socket besides the cookie. It comes behind the `#` of the address that signing in leads to, and is kept
 * where only pages of this very port can read it.
 */
const keptUnder = 'millrace.window'

export function windowKey(): string | undefined {
  const given = /^#window=([\w-]+)$/.exec(location.hash)?.[1]
  if (given !== undefined) {
    localStorage.setItem(keptUnder, given)
    history.replaceState(history.state, '', location.pathname + location.search)
  }
  return localStorage.getItem(keptUnder) ?? undefined
}
