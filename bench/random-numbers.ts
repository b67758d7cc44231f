// Random numbers that a run can have again.

/** A small seeded generator (mulberry32) of numbers from 0 up to 1. */
export function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/**
 * Deals cards in a random order, each of them once before any comes again: what a share of the cards says happens for
 * sure, and not only on average.
 * @returns the next card
 */
export function shuffledDeck<Card>(cards: readonly Card[], random: () => number): () => Card {
  let left: Card[] = []
  return () => {
    if (left.length === 0) left = [...cards]
    const [card] = left.splice(Math.floor(random() * left.length), 1)
    if (card === undefined) throw new Error('A deck needs a card.')
    return card
  }
}
