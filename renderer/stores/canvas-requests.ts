/** What other parts ask of the canvas: look at a node, fit everything, open a picker. The canvas listens while it is there. */
export type CanvasRequest =
  | { readonly kind: 'fit'; readonly nodes?: readonly string[] }
  | { readonly kind: 'zoom'; readonly to: 'in' | 'out' | 'actual' }
  | { readonly kind: 'add'; readonly node: string }
  | { readonly kind: 'pick' }
  | { readonly kind: 'connect' }
  | { readonly kind: 'focus' }

type Handler = (request: CanvasRequest) => void

let handler: Handler | undefined
let waiting: CanvasRequest | undefined

export function requestCanvas(request: CanvasRequest): void {
  if (handler) handler(request)
  else waiting = request
}

export const requestFit = (nodes?: readonly string[]) => requestCanvas({ kind: 'fit', nodes })

export function serveCanvas(given: Handler): () => void {
  handler = given
  if (waiting) given(waiting)
  waiting = undefined
  return () => {
    if (handler === given) handler = undefined
  }
}
