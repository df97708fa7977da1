import { google } from '../adapters/model/google.ts';

export const open = google;
