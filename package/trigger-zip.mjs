// The zip of a trigger: the same files give the same bytes, on every machine.
import { zipSync } from 'fflate'

/** DOS time as the local fields say it, so that the bytes are the same in every time zone. */
const ZIP_TIME = new Date(1980, 0, 1)

/**
 * @param {Iterable<readonly [string, Uint8Array]>} files content by path in the zip
 * @returns {Uint8Array}
 */
export function zipOf(files) {
  const entries = [...files].map(([path, content]) => [
    path,
    [content, { level: 9, mtime: ZIP_TIME, os: 3, attrs: 0o100644 << 16 }],
  ])
  return zipSync(Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1))))
}
