import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** IPv4 that is not the public internet: IANA's special-purpose registry, and what clouds keep their secrets behind. */
const forbidden4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8], // this host on this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // shared by carriers (CGNAT); metadata of Alibaba Cloud
  ['127.0.0.0', 8], // loopback
  ['168.63.129.16', 32], // Azure's platform: public by its number, reachable only from inside
  ['169.254.0.0', 16], // link-local; metadata of AWS, Google, Azure and others
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; metadata of Oracle Cloud
  ['192.0.2.0', 24], // documentation
  ['192.31.196.0', 24], // AS112
  ['192.52.193.0', 24], // AMT
  ['192.88.99.0', 24], // 6to4 relays
  ['192.168.0.0', 16], // private
  ['192.175.48.0', 24], // AS112
  ['198.18.0.0', 15], // benchmarks
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
];

/**
 * IPv6: only global unicast (2000::/3) can be public at all. That alone refuses ::1, ULA, link-local, multicast,
 * IPv4-mapped and -compatible addresses, NAT64 and the discard prefix. These lie inside of it.
 */
const forbidden6: readonly (readonly [string, number])[] = [
  ['2001::', 23], // protocol assignments: Teredo, ORCHID, benchmarks
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries any IPv4 address
  ['2620:4f:8000::', 48], // AS112
  ['3fff::', 20], // documentation
];

function blockList(family: 'ipv4' | 'ipv6', ranges: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, family);
  return list;
}

const refused4 = blockList('ipv4', forbidden4);
const refused6 = blockList('ipv6', forbidden6);
const global6 = blockList('ipv6', [['2000::', 3]]);

/** Whether `address`, as a resolver writes it, belongs to a host on the public internet. Anything unknown does not. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !refused4.check(address, 'ipv4');
  return isIPv6(address) && global6.check(address, 'ipv6') && !refused6.check(address, 'ipv6');
}
