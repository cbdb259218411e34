const hues = [250, 200, 150, 95, 40, 320]

/** The number of a partition in its own colour. */
export function Partition({ number }: { readonly number: number }) {
  return (
    <span
      className="partition partition-chip figures"
      style={{ ['--partition-hue' as string]: hues[number % hues.length] }}
    >
      {number}
    </span>
  )
}
