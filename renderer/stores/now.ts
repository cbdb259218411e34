import { useEffect, useState } from 'react'

const everyMs = 5000

/** The wall clock for relative times, moved on every few seconds while it is needed. */
export function useNow(needed: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!needed) return
    setNow(Date.now())
    const timer = setInterval(() => setNow(Date.now()), everyMs)
    return () => clearInterval(timer)
  }, [needed])
  return now
}
