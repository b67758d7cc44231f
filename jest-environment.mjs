// The world of each test file.
//
// Temporary files go into a folder of its own, which is removed at its end, with whatever its processes left there.
//
// Certificates that Node.js shall load besides its own are not for the processes that a test starts: each of those hundreds would
// take 80 ms of processor time for it, and talks to this machine alone. Tests that install packages keep them, and say so with
// @jest-environment-options.
//
// Node's own errors come from outside the world that jest gives each test file, so `instanceof Error` is false for them,
// and the AWS SDK then wraps them beyond recognition (jest #2549). Here they count as errors, as they do everywhere else.
//
// Jest's global object is a Proxy behind vm's interceptors: each look-up of a global such as `Math` takes hundreds of times as
// long as elsewhere, and tests that compute or call the SDK a fifth longer. Here it is an ordinary object.
//
// Jest notes in an AsyncLocalStorage which test runs. Once one is in use, Node.js 20 follows every promise, and tests of the pool's
// commands take a tenth more processor time; the storages of the files before add to that. Here no two tests of a file run at
// the same time, so a variable says the same.
import { AsyncLocalStorage } from 'node:async_hooks'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { types } from 'node:util'
import vm from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'

const { createContext } = vm

/** Jest allows 100, and the SDK makes many errors that nobody reads. */
const STACK_TRACE_LIMIT = 10

/** What jest says of the running test, by its storage. */
const running = new WeakMap()
const { run, getStore } = AsyncLocalStorage.prototype

AsyncLocalStorage.prototype.run = function (store, callback, ...parameters) {
  if (!isOfJest(store)) return run.call(this, store, callback, ...parameters)
  const former = running.get(this)
  if (former?.test && former.test !== store.test)
    throw new Error('Two tests at once: test.concurrent does not work here.')
  running.set(this, store)
  // Jest's callbacks are asynchronous.
  return callback(...parameters).finally(() => running.set(this, former))
}

AsyncLocalStorage.prototype.getStore = function () {
  return running.get(this) ?? getStore.call(this)
}

function isOfJest(store) {
  return typeof store === 'object' && store !== null && ('test' in store || 'hook' in store)
}

export default class extends TestEnvironment {
  constructor(config, context) {
    // Jest takes no context from elsewhere.
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY)
    try {
      super(config, context)
    } finally {
      vm.createContext = createContext
    }
    this.installsPackages = config.projectConfig.testEnvironmentOptions.installsPackages
    this.global.Error.stackTraceLimit = STACK_TRACE_LIMIT
  }

  async setup() {
    await super.setup()
    const { NODE_EXTRA_CA_CERTS } = process.env
    this.former = { TMPDIR: tmpdir(), NODE_EXTRA_CA_CERTS }
    this.folder = await mkdtemp(join(tmpdir(), 'cognito-email-code-'))
    this.setVariables({
      TMPDIR: this.folder,
      NODE_EXTRA_CA_CERTS: this.installsPackages ? NODE_EXTRA_CA_CERTS : undefined,
    })
    const { Error: InnerError, Function: InnerFunction } = this.global
    const isInstance = InnerFunction.prototype[Symbol.hasInstance]
    Object.defineProperty(InnerError, Symbol.hasInstance, {
      value(value) {
        return isInstance.call(this, value) || (this === InnerError && types.isNativeError(value))
      },
    })
  }

  async teardown() {
    this.setVariables(this.former)
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 })
    await super.teardown()
  }

  /** Node.js reads the worker's own environment; processes that a test starts get either. */
  setVariables(variables) {
    for (const { env } of [process, this.global.process])
      for (const [name, value] of Object.entries(variables)) {
        if (value === undefined) delete env[name]
        else env[name] = value
      }
  }
}
