#!/usr/bin/env node
import { main } from '../cli/main.ts';
import { processShell } from '../cli/process.ts';

process.exit(await processShell(process, (shell) => main(process.argv.slice(2), shell)));
