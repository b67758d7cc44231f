// The world of each test file.
//
// Temporary files go into a folder of its own, which is removed at its end, with whatever its processes left there.
//
// Node's own errors come from outside the world that jest gives each test file, so `instanceof Error` is false for them,
// and the AWS SDK then wraps them beyond recognition (jest #2549). Here they count as errors, as they do everywhere else.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { types } from 'node:util'
import { TestEnvironment } from 'jest-environment-node'

export default class extends TestEnvironment {
  async setup() {
    await super.setup()
    this.formerFolder = tmpdir()
    this.folder = await mkdtemp(join(this.formerFolder, 'cognito-email-code-'))
    this.setTemporaryFolder(this.folder)
    // Where there is a `navigator` (Node 21 and later), Amplify's big-number code looks `Math` up for every digit, and in
    // here each look-up is slow: a sign-in with SRP takes 18 seconds instead of half a second.
    delete this.global.navigator
    const { Error: InnerError, Function: InnerFunction } = this.global
    const isInstance = InnerFunction.prototype[Symbol.hasInstance]
    Object.defineProperty(InnerError, Symbol.hasInstance, {
      value(value) {
        return isInstance.call(this, value) || (this === InnerError && types.isNativeError(value))
      },
    })
  }

  async teardown() {
    this.setTemporaryFolder(this.formerFolder)
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
    await super.teardown()
  }

  /** Node.js reads the worker's own environment; processes that a test starts get the one of its world. */
  setTemporaryFolder(folder) {
    for (const { env } of [process, this.global.process]) env.TMPDIR = folder
  }
}
