// A server on a free port of the loopback interface.
import { once } from 'node:events'
import type { AddressInfo, Server } from 'node:net'

/** @returns the port */
export async function listening(server: Server): Promise<number> {
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const address: AddressInfo | string | null = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port.')
  return address.port
}
