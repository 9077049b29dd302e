/** How long statistics are kept, in days: by the minute, and by the hour. */
export const statisticsDays = { minutes: 14, hours: 400 } as const;
