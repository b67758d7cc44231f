// node:crypto, loaded by the first call that needs it: loading it takes longer than all else of Verify's start.

/** The module; Node keeps it after the first call. */
export function lazyCrypto(): typeof import('node:crypto') {
  return process.getBuiltinModule('node:crypto')
}
