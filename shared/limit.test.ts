// The limit across sign-ins: what is counted where, and until when a user is limited.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { counterKey, countRequest, limitedUntil, readCounters, verdictOf } from './limit.ts'

const POLICY = { maxCodesPerHour: 10, maxCodesPerDay: 30 }
const NOW = Date.UTC(2026, 10, 24, 8, 5, 59, 999)
const at = (hour: number, day = 24) => Date.UTC(2026, 10, day, hour)

describe('a mail', () => {
  test('counts in the hour of the clock and in the UTC day, in an item that is deleted after the day', () => {
    const request = countRequest('limits', '0123456789abcdef', NOW, POLICY)
    expect(request).toMatchObject({
      TableName: 'limits',
      Key: { user: { S: '0123456789abcdef' }, day: { S: '2026-11-24' } },
      ExpressionAttributeNames: { '#codes': 'codes', '#hour': 'hour08', '#expiresAt': 'expiresAt' },
    })
    expect(request.UpdateExpression).toBe('SET #expiresAt = :endOfDay ADD #codes :one, #hour :one')
    expect(request.ExpressionAttributeValues).toEqual({
      ':one': { N: '1' },
      ':endOfDay': { N: String(at(0, 25) / 1000) },
      ':maxCodesPerDay': { N: '30' },
      ':maxCodesPerHour': { N: '10' },
    })
  })

  test('counts only where both counters are below their limits, and the answer tells which one is not', () => {
    const request = countRequest('limits', '0123456789abcdef', NOW, POLICY)
    expect(request.ConditionExpression?.split(' AND ')).toEqual([
      '(attribute_not_exists(#codes) OR #codes < :maxCodesPerDay)',
      '(attribute_not_exists(#hour) OR #hour < :maxCodesPerHour)',
    ])
    expect(request.ReturnValuesOnConditionCheckFailure).toBe('ALL_OLD')
  })

  test('starts again at the first millisecond of an hour and of a day', () => {
    const placeAt = (now: number) => {
      const { Key, ExpressionAttributeNames: names } = countRequest('limits', 'user', now, POLICY)
      return `${Key?.['day']?.S} ${names?.['#hour']}`
    }
    expect([at(9) - 1, at(9), at(0, 25) - 1, at(0, 25)].map(placeAt)).toEqual([
      '2026-11-24 hour08',
      '2026-11-24 hour09',
      '2026-11-24 hour23',
      '2026-11-25 hour00',
    ])
  })
})

describe('the counters of a user', () => {
  test('are read from the item that a mail is counted in, for the hour and the day', () => {
    expect(counterKey('user', NOW)).toEqual(countRequest('limits', 'user', NOW, POLICY).Key)
    const item = { codes: { N: '12' }, hour07: { N: '9' }, hour08: { N: '3' } }
    expect(readCounters(item, NOW)).toEqual({ hour: 3, day: 12 })
    expect(readCounters({ codes: { N: '12' } }, NOW)).toEqual({ hour: 0, day: 12 })
    expect(readCounters(undefined, NOW)).toEqual({ hour: 0, day: 0 })
  })

  test('limit the user as the table does, the day before the hour', () => {
    const full = { maxCodesPerHour: 3, maxCodesPerDay: 12 }
    expect(limitedUntil({ hour: 2, day: 11 }, NOW, full)).toBeUndefined()
    expect(limitedUntil({ hour: 3, day: 11 }, NOW, full)).toBe(at(9))
    expect(limitedUntil({ hour: 3, day: 12 }, NOW, full)).toBe(at(0, 25))
  })
})

describe('the answer of the table', () => {
  test('lets a mail go that was counted', () => {
    expect(verdictOf({ name: 'counted' }, NOW, POLICY)).toEqual({ name: 'allowed' })
  })

  test.each([
    ['the hour, where mails of the day are left', 29, at(9)],
    ['the hour, where the table does not say more', undefined, at(9)],
    ['the day, where all mails of the day are used', 30, at(0, 25)],
    ['the day, where the limit was higher before', 31, at(0, 25)],
  ])('limits until the end of %s', (_, codes, until) => {
    expect(verdictOf({ name: 'full', codes }, NOW, POLICY)).toEqual({ name: 'limited', until })
  })

  test('never limits beyond the day, and always for some time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4e12 }), fc.option(fc.nat(60)), (now, codes) => {
        const verdict = verdictOf({ name: 'full', codes: codes ?? undefined }, now, POLICY)
        const left = verdict.name === 'limited' ? verdict.until - now : 0
        return left > 0 && left <= 24 * 3_600_000
      }),
    )
  })
})
