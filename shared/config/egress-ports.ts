import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** Port of an address. An address object has none if it is the usual one of the protocol. */
const portOf = (address: string): number => {
  const { port, protocol } = new URL(address);
  return Number(port) || (protocol === 'http:' ? HTTP_PORT : HTTPS_PORT);
};

/** Addresses among the settings of a connection, by their names. No other setting is named like this. */
const addressesIn = (settings: ConnectionConfig): readonly string[] =>
  Object.entries(settings).flatMap(([key, value]) =>
    /^url$|Url$/.test(key) && typeof value === 'string' ? value : [],
  );

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
    ...Object.values(connections)
      .flatMap((settings) => (settings.proxy === undefined ? addressesIn(settings) : settings.proxy.url))
      .map(portOf),
    ...Object.values(ticketSystems).map(({ url }) => portOf(url)),
    ...Object.values(stores).flatMap(({ url }) => (url === undefined ? [] : portOf(url))),
  ]),
];
