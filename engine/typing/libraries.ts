import type { Disk } from '../environment/index.ts'

/** TypeScript's declarations of the language's own library, read once. */
export type Libraries = ReadonlyMap<string, string>

/** The last ECMAScript that Node 24 has whole. No DOM, no Node: processors run in neither. */
export const rootLibrary = 'lib.es2024.d.ts'

/** @param folder where the package `typescript` has its `lib.*.d.ts` */
export async function readLibraries(disk: Disk, folder: string): Promise<Libraries> {
  const texts = new Map<string, string>()
  const read = async (name: string): Promise<void> => {
    if (texts.has(name)) return
    texts.set(name, '')
    const text = (await disk.readFile(`${folder}/${name}`)).toString('utf8')
    texts.set(name, text)
    const references = [...text.matchAll(/^\/\/\/\s*<reference\s+lib="([^"]+)"/gm)]
    await Promise.all(references.map(([, library]) => read(`lib.${library}.d.ts`)))
  }
  await read(rootLibrary)
  return texts
}
