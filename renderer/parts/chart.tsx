import { throughputOf } from '../stores/live.ts'
import { rate } from './format.ts'

const width = 264
const height = 72

/** A node's throughput over the last minute, with its peak. */
export function Chart({ node, revision }: { readonly node: string; readonly revision: number }) {
  const values = throughputOf(node)
  const top = Math.max(1, ...values)
  const step = width / 239
  const from = width - (values.length - 1) * step
  const points = values.map(
    (value, i) => `${(from + i * step).toFixed(1)} ${(height - 2 - (value / top) * (height - 6)).toFixed(1)}`,
  )
  return (
    <figure className="chart" data-revision={revision}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Peak ${rate(top)}`}
      >
        <title>{`Peak ${rate(top)}`}</title>
        {points.length > 1 && (
          <>
            <path
              className="chart-area"
              d={`M${from.toFixed(1)} ${height}L${points.join('L')}L${width} ${height}Z`}
            />
            <path className="chart-line" d={`M${points.join('L')}`} />
          </>
        )}
      </svg>
      <figcaption className="faint figures">
        <span>1 min ago</span>
        <span>peak {rate(values.length > 0 ? top : undefined)}</span>
        <span>now</span>
      </figcaption>
    </figure>
  )
}
