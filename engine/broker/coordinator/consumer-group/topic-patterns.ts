import { isMillraceError } from '../../../base/errors.ts'
import type { ClusterImage } from '../../controller/image.ts'
import { LinearPattern } from '../pattern/linear-pattern.ts'

interface KnownPattern {
  /** Undefined: it cannot be read; only another program can have stored such a one. */
  readonly pattern: LinearPattern | undefined
  /** Whether it fits, by name: what has been looked at once need not be again. */
  readonly verdicts: Map<string, boolean>
}

const patternsMax = 200

/** Which topics the regular expressions of subscriptions fit; internal ones too, as in Kafka. */
export class TopicPatterns {
  private readonly image: ClusterImage
  private readonly known = new Map<string, KnownPattern>()

  constructor(image: ClusterImage) {
    this.image = image
  }

  fault(regex: string): string | undefined {
    try {
      new LinearPattern(regex)
      return undefined
    } catch (thrown) {
      if (!isMillraceError(thrown, 'INVALID_REGULAR_EXPRESSION')) throw thrown
      return thrown.what
    }
  }

  matching(regex: string): readonly string[] {
    const { pattern, verdicts } = this.knownOf(regex)
    if (!pattern) return []
    const names = [...this.image.topics.keys()]
    // Most of them are of topics that are no more.
    if (verdicts.size > 2 * names.length) verdicts.clear()
    return names.filter((name) => {
      const known = verdicts.get(name)
      if (known !== undefined) return known
      const verdict = pattern.matches(name)
      verdicts.set(name, verdict)
      return verdict
    })
  }

  private knownOf(regex: string): KnownPattern {
    const found = this.known.get(regex)
    if (found) return found
    if (this.known.size >= patternsMax) this.known.clear()
    const pattern = this.fault(regex) === undefined ? new LinearPattern(regex) : undefined
    const made = { pattern, verdicts: new Map<string, boolean>() }
    this.known.set(regex, made)
    return made
  }
}
