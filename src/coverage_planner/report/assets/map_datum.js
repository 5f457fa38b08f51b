/* WGS 84 to GCJ-02, the datum of Amap and Tencent: the published formula that sources/datum.py names. */
"use strict";
const coverageDatum = (() => {
  const [WEST, EAST, SOUTH, NORTH] = [72.004, 137.8347, 0.8293, 55.8271];
  const AXIS_M = 6378245.0; // Krasovsky 1940
  const SQUARED_ECCENTRICITY = 0.00669342162296594323;

  const wave = (degrees, halfPeriod) => Math.sin((Math.PI * degrees) / halfPeriod);

  /**
   * Move a place to where online maps of mainland China draw it.
   * @param {number} lon WGS 84, degrees
   * @param {number} lat
   * @returns {number[]} [lon, lat] in GCJ-02; outside the formula's rectangle as given
   */
  function toGcj02(lon, lat) {
    if (lon < WEST || lon > EAST || lat < SOUTH || lat > NORTH) return [lon, lat];
    const x = lon - 105;
    const y = lat - 35;
    const root = Math.sqrt(Math.abs(x));
    const ripple = 20 * Math.sin(6 * Math.PI * x) + 20 * Math.sin(2 * Math.PI * x);
    const wavesX = 20 * wave(x, 1) + 40 * wave(x, 3) + 150 * wave(x, 12) + 300 * wave(x, 30);
    const wavesY = 20 * wave(y, 1) + 40 * wave(y, 3) + 160 * wave(y, 12) + 320 * wave(y, 30);
    const eastM = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ((ripple + wavesX) * 2) / 3;
    const northM = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ((ripple + wavesY) * 2) / 3;
    const phi = (lat * Math.PI) / 180;
    const flattening = 1 - SQUARED_ECCENTRICITY * Math.sin(phi) ** 2;
    const meridianM = (AXIS_M * (1 - SQUARED_ECCENTRICITY)) / flattening ** 1.5;
    const normalM = AXIS_M / Math.sqrt(flattening);
    const degrees = 180 / Math.PI;
    return [lon + (eastM / (normalM * Math.cos(phi))) * degrees, lat + (northM / meridianM) * degrees];
  }

  return { toGcj02 };
})();
