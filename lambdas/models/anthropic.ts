import { anthropic } from '../adapters/model/anthropic.ts';

export const open = anthropic;
