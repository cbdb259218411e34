/** Cells in columns as wide as they must be: texts to the left, numbers (and what stands for one) to the right. */
export function tableLines(
  titles: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string[] {
  const isNumber = titles.map((_, column) =>
    rows.every((row) => typeof row[column] === 'number' || row[column] === '–'),
  )
  const all = [titles, ...rows].map((row) => row.map(String))
  const widths = titles.map((_, column) => Math.max(...all.map((row) => row[column]!.length)))
  const last = titles.length - 1
  return all.map((row) =>
    row
      .map((cell, column) => {
        if (isNumber[column]) return cell.padStart(widths[column]!)
        return column === last ? cell : cell.padEnd(widths[column]!)
      })
      .join('  '),
  )
}
