import { requestCanvas } from './canvas-requests.ts'

export const changeZoom = (to: 'in' | 'out' | 'actual') => requestCanvas({ kind: 'zoom', to })
export const focusCanvas = () => requestCanvas({ kind: 'focus' })
