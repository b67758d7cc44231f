// The order of the test files: those that load the least come first, and mostly notice the mutant.
const { default: Sequencer } = require('@jest/test-sequencer')

const ROOMS = ['shared', 'functions']
const costOf = ({ path, duration = 0 }) =>
  ROOMS.findIndex(room => path.includes(`/${room}/`)) * 60_000 + duration

module.exports = class extends Sequencer {
  sort(tests) {
    return [...tests].sort((one, other) => costOf(one) - costOf(other))
  }
}
