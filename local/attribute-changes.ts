// Changed attributes of a user: what happens at once, and what waits for a code that is mailed to a new address.
import { randomInt } from 'node:crypto'
import type { UntypedObject } from '../command/json.ts'
import { CognitoError, invalidParameter } from './errors.ts'
import { Parameters } from './parameters.ts'
import type { Pool } from './pool.ts'
import { maskedAddress, type User } from './users.ts'

/** Developer guide, "Verifying updates to email addresses and phone numbers". */
const CODE_LIFETIME_MS = 24 * 60 * 60 * 1000

/**
 * (Admin)UpdateUserAttributes. A changed address is unverified. Where the pool verifies addresses before the update it
 * stays pending instead, and the old one with its status counts until the code comes back; an administrator who says
 * that the address is verified does without (API reference of AdminUpdateUserAttributes).
 * @returns CodeDeliveryDetailsList of the answer.
 * @throws CognitoError; nothing has changed then.
 */
export async function changeAttributes(
  pool: Pool,
  user: User,
  attributes: ReadonlyMap<string, string>,
): Promise<readonly UntypedObject[]> {
  const { description, users } = pool
  description.checkSchema(attributes, user.attributes)
  users.refuseTakenAddress(user, attributes)
  const address = attributes.get('email') ?? ''
  const isNewAddress = address !== '' && address !== user.attributes.get('email')
  const isVouchedFor = attributes.get('email_verified') === 'true'
  if (!isNewAddress || isVouchedFor) {
    users.setAttributes(user, attributes)
    return []
  }
  if (description.verifiesEmailBeforeUpdate) {
    const { email: _pending, ...others } = Object.fromEntries(attributes)
    users.setAttributes(user, new Map(Object.entries(others)))
    return [await sendCode(pool, user, address)]
  }
  users.setAttributes(user, attributes)
  return description.verifiesEmail ? [await sendCode(pool, user, address)] : []
}

/**
 * GetUserAttributeVerificationCode, to the address that is pending, or to the user's own.
 * @returns CodeDeliveryDetails of the answer.
 */
export function sendCodeAgain(pool: Pool, user: User, attribute: string): Promise<UntypedObject> {
  const address = user.addressToVerify?.address ?? user.attributes.get('email')
  requireEmail(attribute)
  if (address === undefined) throw invalidParameter('The user has no email address.')
  return sendCode(pool, user, address)
}

/** VerifyUserAttribute: the address is now the user's, and verified. */
export function verifyAddress(pool: Pool, user: User, attribute: string, code: string): void {
  requireEmail(attribute)
  const { addressToVerify } = user
  if (addressToVerify === undefined || pool.clock.now() > addressToVerify.expiresAt) {
    throw new CognitoError('ExpiredCodeException', 'Invalid code provided, please request a code again.')
  }
  if (code !== addressToVerify.code) {
    throw new CognitoError('CodeMismatchException', 'Invalid verification code provided, please try again.')
  }
  const verified = new Map([
    ['email', addressToVerify.address],
    ['email_verified', 'true'],
  ])
  pool.users.setAttributes(user, verified)
  delete user.addressToVerify
}

async function sendCode(pool: Pool, user: User, address: string): Promise<UntypedObject> {
  const code = newCode()
  user.addressToVerify = { address, code, expiresAt: pool.clock.now() + CODE_LIFETIME_MS }
  await sendVerificationMail(pool, address, code)
  return deliveryTo(address)
}

/** Six digits. */
export function newCode(): string {
  return String(randomInt(1_000_000)).padStart(6, '0')
}

/** A code in the words of the pool. @throws CognitoError CodeDeliveryFailureException. */
export async function sendVerificationMail(pool: Pool, address: string, code: string): Promise<void> {
  const template = new Parameters(pool.description.describe()).object('VerificationMessageTemplate')
  const message = template.optionalString('EmailMessage') ?? 'Your verification code is {####}.'
  await pool.mailbox.send({
    to: address,
    subject: template.optionalString('EmailSubject') ?? 'Your verification code',
    text: message.replaceAll('{####}', code),
  })
}

/** CodeDeliveryDetails of the answers. */
export function deliveryTo(address: string): UntypedObject {
  return { AttributeName: 'email', DeliveryMedium: 'EMAIL', Destination: maskedAddress(address) }
}

function requireEmail(attribute: string): void {
  if (attribute === 'email') return
  throw invalidParameter('The local user pool verifies email addresses only.')
}
