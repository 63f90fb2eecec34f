import { BlockList, isIP, isIPv6, SocketAddress } from 'node:net';

/** Adds the line of a rule: a single address, a range `a-b`, or a CIDR. @throws RangeError if it is none of them. */
const addRule = (list: BlockList, rule: string): void => {
  const [address = '', prefix] = rule.split('/').map((part) => part.trim());
  if (prefix !== undefined) {
    list.addSubnet(parseAddress(address), /^\d+$/.test(prefix) ? Number(prefix) : Number.NaN);
    return;
  }
  const [start = '', end] = rule.split('-').map((part) => part.trim());
  if (end === undefined) {
    list.addAddress(parseAddress(start));
    return;
  }
  if (isIP(start) !== isIP(end)) throw new RangeError(`"${rule}" is not a range.`);
  list.addRange(parseAddress(start), parseAddress(end));
};

const parseAddress = (text: string): SocketAddress => {
  if (isIP(text) === 0) throw new RangeError(`"${text}" is not an address.`);
  return new SocketAddress({ address: text, family: isIPv6(text) ? 'ipv6' : 'ipv4' });
};

/**
 * Returns a function that checks addresses against rules.
 * @throws RangeError if a rule is not an address, range or CIDR.
 */
export const addressRules = (rules: readonly string[]): ((address: string) => boolean) => {
  const list = new BlockList();
  for (const rule of rules) addRule(list, rule);
  return (address) => isIP(address) !== 0 && list.check(parseAddress(address));
};
