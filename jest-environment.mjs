// Node's own errors come from outside the world that jest gives each test file, so `instanceof Error` is false for them,
// and the AWS SDK then wraps them beyond recognition (jest #2549). Here they count as errors, as they do everywhere else.
import { types } from 'node:util'
import { TestEnvironment } from 'jest-environment-node'

export default class extends TestEnvironment {
  async setup() {
    await super.setup()
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
}
