// The proleptic Gregorian calendar on plain integers. Years are astronomical here: 0 is 1 BC, -1 is 2 BC. Nothing in
// this file knows a time zone, and nothing calls a local method of Date.

/** Days from 1970-01-01 to 2000-01-01, PostgreSQL's epoch. */
export const POSTGRES_EPOCH_DAYS = 10_957;
/** Without leap seconds, as PostgreSQL counts. */
export const SECONDS_PER_DAY = 86_400;

/** Days of 400 years: after so many the calendar repeats itself. */
const DAYS_PER_ERA = 146_097;
/** From 0000-03-01 to 2000-01-01: years are counted from March, so that the leap day ends them. */
const DAYS_TO_POSTGRES_EPOCH = 730_425;

/** Days from 2000-01-01 to a date that exists. */
export function daysOf(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const era = Math.floor(marchYear / 400);
  const yearOfEra = marchYear - era * 400;
  const dayOfYear = daysBeforeMonth((month + 9) % 12) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * DAYS_PER_ERA + dayOfEra - DAYS_TO_POSTGRES_EPOCH;
}

/** Days in the months before `month`, where 0 is March: the lengths 31 30 31 30 31 repeat every five months. */
function daysBeforeMonth(month: number): number {
  return Math.floor((153 * month + 2) / 5);
}

/** A day of the proleptic Gregorian calendar; the year is astronomical, months and days count from 1. */
export interface CalendarDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The date `days` after 2000-01-01. */
export function calendarDate(days: number): CalendarDate {
  const shifted = days + DAYS_TO_POSTGRES_EPOCH;
  const era = Math.floor(shifted / DAYS_PER_ERA);
  const dayOfEra = shifted - era * DAYS_PER_ERA;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - daysBeforeMonth(marchMonth) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

/** Formats the date `days` after 2000-01-01 without its era: `2024-02-29`, `0044-03-15` for both AD and BC. */
export function formatDate(days: number): string {
  const { year, month, day } = calendarDate(days);
  const printedYear = year > 0 ? year : 1 - year;
  return `${printedYear.toString().padStart(4, '0')}-${twoDigits(month)}-${twoDigits(day)}`;
}

/** Days from 2000-01-01 to 0001-01-01: what lies before is BC. */
export const FIRST_DAY_AD = -730_119;

/** Two decimal digits of an integer from 0 to 99. */
export function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : value.toString();
}

/** Whether the calendar has that date. */
export function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysInMonth(year, month);
}

function daysInMonth(year: number, month: number): number {
  if (month !== 2) return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}
