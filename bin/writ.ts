#!/usr/bin/env node
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';

// a third of a second of a start is types that are stripped and code that is compiled: once is enough
enableCompileCache(join(import.meta.dirname, '..', 'build', 'compiled'));
const [{ main }, { processShell }] = await Promise.all([import('../cli/main.ts'), import('../cli/process.ts')]);

process.exit(await processShell(process, (shell) => main(process.argv.slice(2), shell)));
