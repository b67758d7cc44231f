// Lets OpenSSL compute Amplify's SRP powers, as a native module does in React Native; the protocol is the same.
import { createRequire } from 'node:module'
import { GROUP_PRIME, power } from '../local/srp.ts'

/** Amplify's number for SRP. */
interface BigInteger {
  toString(radix: number): string
  modPow(exponent: BigInteger, prime: BigInteger, callback: (error: null, result: BigInteger) => void): void
}

type BigIntegerClass = { new (digits: string, radix: number): BigInteger; readonly prototype: BigInteger }

/** What AMPLIFY_SRP_FILE exports. */
export interface AmplifySrp {
  readonly default: BigIntegerClass
}

/** The file of Amplify that has the arithmetic of SRP. */
export const AMPLIFY_SRP_FILE = srpFile()

function srpFile(): string {
  const amplify = createRequire(import.meta.url).resolve('aws-amplify/auth')
  const auth = createRequire(amplify).resolve('@aws-amplify/auth')
  return auth.replace(/cjs.index\.js$/, 'esm/providers/cognito/utils/srp/BigInteger/BigInteger.mjs')
}

/** @returns what ends it */
export function computePowersByOpenSsl(BigInteger: BigIntegerClass): () => void {
  const { prototype } = BigInteger
  const { modPow } = prototype
  prototype.modPow = function (exponent, prime, callback) {
    // Any other modulus than that of the local pool would be an error of Amplify's.
    if (bigIntOf(prime) !== GROUP_PRIME)
      throw new Error('Amplify computes in another group than the local pool.')
    // SRP subtracts before it raises to a power.
    const base = ((bigIntOf(this) % GROUP_PRIME) + GROUP_PRIME) % GROUP_PRIME
    callback(null, new BigInteger(power(base, bigIntOf(exponent)).toString(16), 16))
  }
  return () => {
    prototype.modPow = modPow
  }
}

function bigIntOf(number: BigInteger): bigint {
  const hex = number.toString(16)
  return hex.startsWith('-') ? -BigInt(`0x${hex.slice(1)}`) : BigInt(`0x${hex}`)
}
