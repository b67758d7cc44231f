// Before tests that run what is built: says so if that is missing, or older than the sources.
import { join } from 'node:path'
import { hashOfInputs, isUpToDate } from './build-state.mjs'

export default async function requireBuild() {
  const directory = join(import.meta.dirname, '../dist')
  if (await isUpToDate(directory, await hashOfInputs())) return
  throw new Error('dist is missing, or older than the sources. Run npm run build first.')
}
