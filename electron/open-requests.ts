/**
 * Pipelines that the system asks us to open: arguments, `open-file`, deep links, a second start. They wait until a window
 * can take them. They open; they never run.
 */
import path from 'node:path'

export class OpenRequests {
  readonly #waiting: string[] = []
  #take: ((pipelinePath: string) => void) | undefined

  add(pipelinePath: string): void {
    if (this.#take) this.#take(pipelinePath)
    else this.#waiting.push(pipelinePath)
  }

  /** From now on; what waited comes at once. */
  deliverTo(take: (pipelinePath: string) => void): void {
    this.#take = take
    for (const waiting of this.#waiting.splice(0)) take(waiting)
  }

  /** The first that waits: what the studio opens with. */
  takeFirst(): string | undefined {
    return this.#waiting.shift()
  }
}

/** The pipelines among a command line's arguments. */
export function pipelinesAmong(args: readonly string[], folder: string): string[] {
  return args
    .filter((argument) => !argument.startsWith('-'))
    .flatMap((argument) => fromLink(argument) ?? path.resolve(folder, argument))
}

/** `millrace://open?path=/…`. Another link of that scheme is nothing. */
export function pipelineOfLink(link: string): string | undefined {
  if (!URL.canParse(link)) return undefined
  const url = new URL(link)
  const target = url.searchParams.get('path')
  return url.protocol === 'millrace:' && url.host === 'open' && target !== null && path.isAbsolute(target)
    ? target
    : undefined
}

function fromLink(argument: string): string[] | undefined {
  if (!argument.startsWith('millrace:')) return undefined
  const target = pipelineOfLink(argument)
  return target === undefined ? [] : [target]
}
