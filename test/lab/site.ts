/** What can differ between sites: where etcd is on its hosts, how it is told its settings, and how one gets in. */
import type { HostFile, Layout } from './layouts.ts';
import type { HostState } from './state.ts';

/** One etcd of each member host; together they are one cluster. */
export interface EtcdPlace {
  /** Without `.service`. */
  readonly unit: string;
  readonly dataDir: string;
  readonly walDir?: string;
  readonly clientPort: number;
  readonly peerPort: number;
  readonly token: string;
  /** Comes after the host's name in the member's. */
  readonly nameSuffix: string;
  readonly user: 'etcd' | 'root';
  /** The directory of etcd, etcdctl and etcdutl. */
  readonly programs: '/usr/bin' | '/usr/local/bin';
  readonly certificates: (host: HostState) => CertificateFiles;
  /** Where the unit file is once the layout's files are written. */
  readonly unitPath: string;
  readonly layout: Layout;
}

/** Paths on the host; of the server and of the peer alike. */
export interface CertificateFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A small file system of its own, in memory. */
export interface SiteMount {
  readonly path: string;
  readonly sizeMiB: number;
  /** As mkfs leaves it. */
  readonly lostAndFound?: boolean;
}

export interface Site {
  /** One sentence. */
  readonly about: string;
  readonly etcds: readonly [EtcdPlace, ...EtcdPlace[]];
  /** `false`: no users in etcd; any certificate of its CA will do. */
  readonly auth: boolean;
  readonly ssh: { readonly user: 'etcdops' | 'root'; readonly sudo: boolean };
  /** A Debian release that does not ship the lab's etcd; its programs are put into the image. */
  readonly release?: 'bullseye';
  /** Hosts have IPv6 addresses and no others. */
  readonly ipv6: boolean;
  /** Peer and advertised client URLs have names in this domain. */
  readonly domain?: string;
  /** Members answer ssh from the host `bastion01` alone. */
  readonly bastion: boolean;
  readonly mounts: readonly SiteMount[];
  /** Directories in which there is nothing but etcd's: a reset empties them. */
  readonly ownDirs: readonly string[];
  /** Of the image, and not of such a site. */
  readonly absent: readonly string[];
  /** Beside those of the layouts. */
  readonly files: readonly HostFile[];
}

/** What a site has that the plain lab has not. */
export type SiteDifference = Partial<Omit<Site, 'about' | 'etcds'>> &
  Pick<Site, 'about'> & { readonly etcds?: readonly [Partial<EtcdPlace>, ...Partial<EtcdPlace>[]] };
