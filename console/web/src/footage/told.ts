/** What somebody tells with a wish for footage; the times as the API takes them. */
export interface Told {
  cameras: string[];
  from: string;
  to: string;
  case_number: string;
  reason: string;
  by: string;
}
