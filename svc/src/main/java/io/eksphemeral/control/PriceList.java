package io.eksphemeral.control;

import com.fasterxml.jackson.databind.JsonNode;
import io.eksphemeral.domain.Prices;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/** Lists of prices as JSON: {@code prices.json} is the one that is shipped. */
public final class PriceList {
  /** The prices that are shipped. */
  public static final Prices SHIPPED = shipped();

  private PriceList() {}

  private static Prices shipped() {
    try (InputStream list =
        Objects.requireNonNull(PriceList.class.getResourceAsStream("prices.json"))) {
      return parse(new String(list.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses a list.
   *
   * @throws IllegalArgumentException if it is not one
   */
  static Prices parse(String text) {
    JsonNode json = Json.parse(text);
    Map<String, BigDecimal> hours = new HashMap<>();
    JsonNode instances = json.path("instances");
    for (Map.Entry<String, JsonNode> price : instances.properties()) {
      hours.put(price.getKey(), hour(Json.text(instances, price.getKey())));
    }
    Json.check(!hours.isEmpty(), "instances is missing or empty");
    return new Prices(
        "%s in %s".formatted(Json.text(json, "region"), month(Json.text(json, "date"))), hours);
  }

  private static BigDecimal hour(String text) {
    Json.check(text.matches("[0-9]{1,4}([.][0-9]{1,10})?"), "not a price: " + text);
    return new BigDecimal(text);
  }

  private static String month(String date) {
    try {
      LocalDate day = LocalDate.parse(date);
      String month = day.getMonth().name();
      return "%s%s %d"
          .formatted(
              month.substring(0, 1), month.substring(1).toLowerCase(Locale.ROOT), day.getYear());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("date is not a date: " + date, e);
    }
  }
}
