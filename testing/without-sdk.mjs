// For --import: a program that loads any of the AWS SDK ends with an error.
import { register } from 'node:module'
import { isMainThread } from 'node:worker_threads'

// The hooks of modules run in a thread of their own, which loads this file again.
if (isMainThread) register(import.meta.url)

export async function load(url, context, nextLoad) {
  const loaded = await nextLoad(url, context)
  // Every client of the SDK is made of Smithy's parts.
  if (/smithy/i.test(String(loaded.source ?? ''))) throw new Error(`The AWS SDK is in ${url}`)
  return loaded
}
