export {
  type CsvCellType,
  type CsvColumn,
  type CsvOptions,
  csvReader,
  formatCsvLine,
  inferCsvColumns,
} from './csv.ts'
export { type DecodedForPeople, decodeForPeople, type PeopleFormat } from './decode-for-people.ts'
export { inferType } from './infer-type.ts'
export type { BadLine, GoodLine, LineReader, ReadLine } from './line-reader.ts'
export { ndjsonReader } from './ndjson.ts'
export { type FilePosition, fileStart } from './record-splitter.ts'
