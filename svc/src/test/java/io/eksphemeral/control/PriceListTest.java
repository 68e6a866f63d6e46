package io.eksphemeral.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.eksphemeral.domain.Architecture;
import io.eksphemeral.domain.Costs;
import io.eksphemeral.domain.NodeChoice;
import io.eksphemeral.domain.NodeLimits;
import io.eksphemeral.domain.Prices;
import io.eksphemeral.domain.SpecBuilder;
import io.eksphemeral.domain.Versions;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

final class PriceListTest {
  @Test
  void aListSaysWhereAndWhenItsPricesApply() {
    assertThat(
            PriceList.parse(
                """
                {"region": "eu-north-1", "date": "2027-01-31", "instances": {"t4g.nano": "0.0043"}}
                """))
        .isEqualTo(
            new Prices("eu-north-1 in January 2027", Map.of("t4g.nano", new BigDecimal("0.0043"))));
  }

  /** Also when the caller names only the architecture. */
  @ParameterizedTest
  @EnumSource(Architecture.class)
  void whatADefaultInstallationBuildsHasAPrice(Architecture architecture) {
    NodeChoice choice = new NodeChoice(List.of(), architecture, null, null);
    Costs costs = new Costs(NodeLimits.DEFAULT.usual(), Versions.any("1.35"), PriceList.SHIPPED);
    assertThat(costs.estimate(new SpecBuilder().nodes(choice).build()).assumes())
        .doesNotContain("unknown");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "[]",
        "{\"region\": \"r\", \"date\": \"2027-01-31\", \"instances\": {}}",
        "{\"region\": \"r\", \"date\": \"now\", \"instances\": {\"a.b\": \"1\"}}",
        "{\"region\": \"r\", \"date\": \"2027-01-31\", \"instances\": {\"a.b\": 1}}",
        "{\"region\": \"r\", \"date\": \"2027-01-31\", \"instances\": {\"a.b\": \"-1\"}}",
        "{\"date\": \"2027-01-31\", \"instances\": {\"a.b\": \"1\"}}"
      })
  void otherTextsAreNoList(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> PriceList.parse(text));
  }
}
