import type { RelayConfig } from '#shared/config/schema.ts';

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** Port of an address. An address object has none if it is the usual one of the protocol. */
const portOf = (address: string): number => {
  const { port, protocol } = new URL(address);
  return Number(port) || (protocol === 'http:' ? HTTP_PORT : HTTPS_PORT);
};

/**
 * TCP ports that the functions have to reach: that of AWS, those of the vaults or their proxies, of the stores
 * outside of AWS, and of the ticket systems. Pure.
 */
export const egressPorts = ({
  connections,
  stores,
  ticketSystems,
}: Pick<RelayConfig, 'connections' | 'stores' | 'ticketSystems'>): readonly number[] => [
  ...new Set([
    HTTPS_PORT,
    ...Object.values(connections).map(({ url, proxy }) => portOf(proxy?.url ?? url)),
    ...Object.values(ticketSystems).map(({ url }) => portOf(url)),
    ...Object.values(stores).flatMap(({ url }) => (url === undefined ? [] : portOf(url))),
  ]),
];
