// The documents say what the files in docs/evidence/ hold, and what each measurement tells about itself.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { barChart } from './chart.ts'
import type { ColdStart } from './cold-start.ts'
import { bench } from './run-bench.ts'

const measured = (name: string) => JSON.parse(readFileSync(`docs/evidence/${name}.json`, 'utf8'))

describe('the documents', () => {
  test('say what was measured, the READMEs and the charts too', async () => {
    expect((await bench('document', '--check')).stdout).toBe('')
  })

  test('claim of the time to load what was measured', () => {
    const { rows }: ColdStart = measured('cold-start')
    const load = (name: string) => rows.find(row => row.name === name)?.load.processor ?? Number.NaN
    expect(load('create-auth-challenge') / load('usual')).toBeLessThan(0.35)
    for (const [file, claim] of [
      ['README.md', 'loads in a third of the usual time'],
      ['README.zh-CN.md', '加载时间只有通常的三分之一'],
    ] as const)
      expect(readFileSync(file, 'utf8').replace(/\s+/g, ' ')).toContain(claim)
  })
})

describe('npm run bench', () => {
  test('lists the measurements, and each tells what it does', async () => {
    const { stdout } = await bench('--help')
    const names = [...stdout.matchAll(/^ {2}([a-z-]+) /gm)].map(([, name = '']) => name)
    expect(names).toContain('cold-start')
    await expect(bench('no-such')).rejects.toMatchObject({ code: 2, stderr: stdout })
    const helps = await Promise.all(names.map(name => bench(name, '--help')))
    for (const { stdout: help } of helps) expect(help).toMatch(/^Usage: npm run .*\n\n[A-Z]/)
  })

  test('computes the cost from the measured times', async () => {
    expect(JSON.parse((await bench('cost', '--json')).stdout)).toEqual(measured('cost'))
  })

  test.each(['warm', 'sign-ins', 'load'])('%s says which option it does not know', async name => {
    await expect(bench(name, '--no-such')).rejects.toMatchObject({
      code: 2,
      stderr: `Unknown option '--no-such'\nSee npm run bench -- ${name} --help.\n`,
    })
  })

  test('takes a positive number of runs only', async () => {
    await expect(bench('warm', '--runs', 'many')).rejects.toMatchObject({
      code: 2,
      stderr: '--runs must be a positive integer, not many.\n',
    })
  })
})

test('a chart has a bar for each value, the longest for the greatest, and nothing of a label is markup', () => {
  const svg = barChart('title', 'unit', [
    { label: 'a <b> & c', value: 10, isOwn: true },
    { label: 'half', value: 5, isOwn: false },
  ])
  const widths = [...svg.matchAll(/<rect class="\w+" [^>]*width="([\d.]+)"/g)].map(([, width]) =>
    Number(width),
  )
  expect(widths[0]).toBeCloseTo(2 * (widths[1] ?? 0), 0)
  expect(svg).toContain('a &#60;b&#62; &#38; c')
})
