// The world of each test file while mutants run: it notes which mutants the file meets, and stops at the first failure.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import TestEnvironment from '../../jest-environment.mjs'
import { LEFT_OUT } from './rooms.mjs'

/** The mutant that a test noticed: no other test has to. */
let noticed

export default class extends TestEnvironment {
  constructor(config, context) {
    super(config, context)
    this.testPath = context.testPath
    this.notes = join(config.projectConfig.rootDir, 'testing/mutation/met-mutants.json')
  }

  async setup() {
    await super.setup()
    this.before = hitsOf(this.global.__stryker__)
  }

  async teardown() {
    if (activeMutant() === undefined) this.noteMutants()
    await super.teardown()
  }

  noteMutants() {
    const after = hitsOf(this.global.__stryker__)
    const met = [...after].filter(([id, hits]) => hits !== this.before.get(id)).map(([id]) => id)
    const others = existsSync(this.notes) ? JSON.parse(readFileSync(this.notes, 'utf8')) : {}
    writeFileSync(this.notes, JSON.stringify({ ...others, [this.testPath]: met }))
  }

  handleTestEvent({ name, test }) {
    if (name === 'test_fn_failure' || name === 'hook_failure') noticed = activeMutant()
    if (name !== 'test_start') return
    const isNoticed = noticed !== undefined && noticed === activeMutant()
    if (isNoticed || LEFT_OUT.some(title => test.name.includes(title))) test.mode = 'skip'
  }
}

const activeMutant = () => process.env.__STRYKER_ACTIVE_MUTANT__

/** How often each mutant was met so far, at load and in all tests. */
function hitsOf({ mutantCoverage = { static: {}, perTest: {} } } = {}) {
  const hits = new Map()
  for (const counts of [mutantCoverage.static, ...Object.values(mutantCoverage.perTest)])
    for (const [id, count] of Object.entries(counts)) hits.set(id, (hits.get(id) ?? 0) + count)
  return hits
}
