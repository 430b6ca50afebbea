/** Installs what a program of this repository needs, then runs it on the pinned Node: `node scripts/setup.mjs demo|lab FILE [ARGUMENTS]`. */
import { ensureDebianPackages, packages } from './debian-packages.mjs';
import { continueOnPinnedNode, ensureNodeModules, runOnPinnedNode } from './node-modules.mjs';

const [purpose, ...program] = process.argv.slice(2);

ensureNodeModules();
continueOnPinnedNode();
// The lab installs its own packages, whoever starts it.
if (purpose === 'demo') ensureDebianPackages(packages);
process.exitCode = program.length === 0 ? 0 : runOnPinnedNode(program);
