import { fileURLToPath } from 'node:url'
import type { CodePlace } from '../../environment/index.ts'
import { originalPlace, parseSourceMap } from './source-positions.ts'

/** As the inspector gives it; line and column count from 0. */
interface PausedFrame {
  readonly location: {
    readonly scriptId: string
    readonly lineNumber: number
    readonly columnNumber?: number
  }
}

interface ParsedScript {
  readonly scriptId?: string
  readonly url?: string
  readonly sourceMapURL?: string
}

/** The inspector's messages that matter here. */
interface InspectorMessage {
  readonly method?: string
  readonly params?: ParsedScript & { readonly callFrames?: PausedFrame[] }
}

/** Follows the inspector's messages until the pause, whose place it gives. */
export class PauseReader {
  readonly #scripts = new Map<string, ParsedScript>()
  readonly #onPause: (place: CodePlace | undefined) => void

  constructor(onPause: (place: CodePlace | undefined) => void) {
    this.#onPause = onPause
  }

  read(text: string): void {
    const { method, params }: InspectorMessage = JSON.parse(text)
    if (method === 'Debugger.scriptParsed' && params?.scriptId !== undefined) {
      this.#scripts.set(params.scriptId, params)
    }
    if (method === 'Debugger.paused') this.#onPause(placeOfPause(params?.callFrames ?? [], this.#scripts))
  }
}

const inlineMapStart = 'data:application/json;base64,'

/**
 * The innermost frame of code that was loaded with a source map (users' code), as a place in its source; else the
 * innermost frame with a file of its own.
 */
function placeOfPause(
  frames: readonly PausedFrame[],
  scripts: ReadonlyMap<string, ParsedScript>,
): CodePlace | undefined {
  for (const frame of frames) {
    const mapUrl = scripts.get(frame.location.scriptId)?.sourceMapURL
    if (!mapUrl?.startsWith(inlineMapStart)) continue
    const map = parseSourceMap(Buffer.from(mapUrl.slice(inlineMapStart.length), 'base64').toString())
    const place = originalPlace(map, ...lineAndColumn(frame))
    if (place) return place
  }
  for (const frame of frames) {
    const url = scripts.get(frame.location.scriptId)?.url
    if (!url || url.startsWith('node:')) continue
    const [line, column] = lineAndColumn(frame)
    return { path: url.startsWith('file:') ? fileURLToPath(url) : url, line, column }
  }
  return undefined
}

function lineAndColumn({ location }: PausedFrame): [line: number, column: number] {
  return [location.lineNumber + 1, (location.columnNumber ?? 0) + 1]
}
