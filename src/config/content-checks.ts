/** The checks of config.yaml that look beyond a single setting; they work on what parses, so that one mistake does not hide another. */
import { z } from 'zod';
import { checkClusters, joined, type Found } from './cluster-checks.ts';
import { checkDirectory, checkFiles } from './file-checks.ts';
import { mistake } from './mistakes.ts';
import { Cluster } from './schema.ts';

const path = z.string().startsWith('/').optional().catch(undefined);

/** What is looked at, each part optional: what is wrong in form is reported by the schema. */
const Content = z.object({
  backups: z.object({ directory: path }).catch({}).prefault({}),
  clusters: z.record(z.string(), z.unknown()).catch({}).prefault({}),
});
const login = z.object({ identityFile: path, knownHostsFile: path });
const Files = z.object({
  tls: z.object({ ca: path, cert: path, key: path }).catch({}).prefault({}),
  ssh: z
    .object({ ...login.shape, proxyJump: z.array(login.catch({})).catch([]).prefault([]) })
    .catch({ proxyJump: [] })
    .prefault({}),
});
const Auth = z.object({ auth: Cluster.shape.auth.unwrap().pick({ passwordFrom: true }).loose() });

interface ContentOptions {
  /** Names of the variables that are set. */
  readonly variables: readonly string[];
  /** Only workers touch hosts, etcd and snapshots; the others may run where these files are not. */
  readonly isWorker: boolean;
  readonly now: Date;
}

/** Checks what stands in the file, whether or not it fits the schema. */
export function checkContent(content: unknown, { variables, isWorker, now }: ContentOptions): Found {
  const parsed = Content.safeParse(content);
  if (!parsed.success) return { mistakes: [], warnings: [] };
  const { backups, clusters } = parsed.data;
  const found = [checkClusters(clusters)];
  if (isWorker) {
    if (backups.directory !== undefined) found.push(checkDirectory(['backups', 'directory'], backups.directory));
    for (const [name, cluster] of Object.entries(clusters)) {
      const files = Files.safeParse(cluster);
      if (files.success) found.push(checkFiles(['clusters', name], files.data, now));
      const passwordFrom = Auth.safeParse(cluster).data?.auth.passwordFrom;
      if (passwordFrom !== undefined && !variables.includes(passwordFrom)) {
        found.push({
          mistakes: [mistake(['clusters', name, 'auth', 'passwordFrom'], `the environment variable ${passwordFrom} is not set`)],
          warnings: [],
        });
      }
    }
  }
  return joined(found);
}
