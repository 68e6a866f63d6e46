package io.eksphemeral.domain;

import java.math.BigDecimal;
import java.util.Map;

/**
 * List prices of instances in USD, on demand, for Linux, without taxes.
 *
 * @param source where and when they apply, such as {@code us-east-1 in November 2026}
 * @param nodeHours by instance type
 */
public record Prices(String source, Map<String, BigDecimal> nodeHours) {
  public Prices {
    nodeHours = Map.copyOf(nodeHours);
  }

  boolean has(String type) {
    return nodeHours.containsKey(type);
  }

  /** The price of an hour; 0 if it is unknown. */
  BigDecimal nodeHour(String type) {
    return nodeHours.getOrDefault(type, BigDecimal.ZERO);
  }
}
