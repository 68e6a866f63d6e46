package io.eksphemeral.local;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/** The architecture: which package may depend on which, and what no class does. */
final class ArchitectureTest {
  private static final String ROOT = "io.eksphemeral";
  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages(ROOT);

  static final List<ArchRule> RULES =
      List.of(
          classes()
              .that()
              .resideInAPackage(ROOT + ".domain..")
              .should()
              .onlyDependOnClassesThat()
              .resideInAnyPackage(ROOT + ".domain..", "java..", "org.jspecify..")
              .because("what happens to a cluster when must be readable, and testable, on its own"),
          noClasses()
              .that()
              .resideInAPackage(ROOT + ".domain..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage("java.io..", "java.nio..", "java.net..", "java.util.concurrent..")
              .because("the domain decides, and does no I/O"),
          classes()
              .that()
              .resideInAPackage(ROOT + ".control..")
              .should()
              .onlyDependOnClassesThat()
              .resideInAnyPackage(
                  ROOT + ".control..",
                  ROOT + ".domain..",
                  "java..",
                  "org.jspecify..",
                  "com.fasterxml.jackson..")
              .because("the use cases know their ports, and no adapter, handler or cloud"),
          classes()
              .that()
              .resideInAPackage(ROOT + ".aws..")
              .should()
              .onlyDependOnClassesThat()
              .resideInAnyPackage(
                  ROOT + ".aws..",
                  ROOT + ".control..",
                  ROOT + ".domain..",
                  "java..",
                  "org.jspecify..",
                  "com.fasterxml.jackson..",
                  "software.amazon.awssdk..")
              .because("an adapter knows its port and its service, and nobody who calls it"),
          noClasses()
              .that()
              .resideInAPackage(ROOT + ".lambda..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".local..")
              .because("what runs in AWS does not know the edition on one machine"),
          noClasses()
              .that()
              .resideInAPackage(ROOT + ".lambda..")
              .and()
              .doNotHaveSimpleName("AwsControlPlane")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".aws..", "software.amazon.awssdk..")
              .because("one class wires, so that the handlers run without AWS as well"),
          noClasses()
              .that()
              .resideInAPackage(ROOT + ".local..")
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".local.ui.RequestSigner")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".aws..", "software.amazon.awssdk..")
              .because(
                  "the edition on one machine runs without AWS; the page's proxy signs requests to AWS,"
                      + " and a signer of our own would be one more to keep right"),
          noClasses()
              .that()
              .resideInAPackage(ROOT + ".local")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".local.ui..")
              .because("the control plane does not know the page"),
          noClasses()
              .that()
              .resideOutsideOfPackages(ROOT + ".local.kind..", ROOT + ".local.simulated..")
              .and()
              .doNotHaveSimpleName("Providers")
              .and()
              .doNotHaveFullyQualifiedName(ROOT + ".local.Settings")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".local.kind..", ROOT + ".local.simulated..")
              .because("one class chooses the provider, and no other asks which one runs"),
          noClasses()
              .that()
              .resideInAnyPackage(ROOT + ".local.task..", ROOT + ".local.io..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".local", ROOT + ".local.ui..", ROOT + ".lambda..")
              .because("what providers are built on knows nothing of the process they run in"),
          noClasses()
              .that()
              .resideInAnyPackage(ROOT + ".local.kind..", ROOT + ".local.simulated..")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage(ROOT + ".local", ROOT + ".lambda..")
              .because("a provider is told what it needs"),
          noClasses()
              .that()
              .doNotHaveSimpleName("YamlSpecParser")
              .should()
              .dependOnClassesThat()
              .resideInAnyPackage("org.snakeyaml..")
              .because("only requests in YAML load its library, and no snapshot has it"),
          noClasses()
              .that()
              .doNotHaveSimpleName("SpecParser")
              .should()
              .dependOnClassesThat()
              .haveSimpleName("YamlSpecParser")
              .because("nothing but a request in YAML comes to it"),
          slices()
              .matching(ROOT + ".(*)..")
              .should()
              .beFreeOfCycles()
              .because("dependencies point inwards"),
          noClasses()
              .that()
              .doNotHaveSimpleName("ScaledClock")
              .should()
              .callMethod(Instant.class, "now")
              .orShould()
              .callMethod(System.class, "currentTimeMillis")
              .orShould()
              .dependOnClassesThat()
              .areAssignableTo(Clock.class)
              .because("time comes from the one clock that is injected"),
          noClasses()
              .should()
              .callConstructor(Random.class)
              .orShould()
              .callConstructor(Random.class, long.class)
              .orShould()
              .dependOnClassesThat()
              .belongToAnyOf(ThreadLocalRandom.class, SplittableRandom.class)
              .orShould()
              .callMethod(Math.class, "random")
              .orShould()
              .callMethod(RandomGenerator.class, "getDefault")
              .orShould()
              .callMethod(RandomGenerator.class, "of", String.class)
              .because(
                  "all that is restored from one snapshot would go on with the same numbers, and"
                      + " make the same ids; a SecureRandom's differ"),
          noClasses()
              .should()
              .haveSimpleNameEndingWith("Manager")
              .orShould()
              .haveSimpleNameEndingWith("Helper")
              .orShould()
              .haveSimpleNameEndingWith("Util")
              .orShould()
              .haveSimpleNameEndingWith("Utils")
              .orShould()
              .haveSimpleNameEndingWith("Impl")
              .because("a name says what a class is for"),
          classes()
              .that()
              .areTopLevelClasses()
              .and()
              .areNotInterfaces()
              .and()
              .doNotHaveSimpleName("package-info")
              .should(beFinalIfTheyCan())
              .because("nothing here is made to be extended"),
          classes()
              .that()
              .haveSimpleNameEndingWith("Handler")
              .should()
              .resideInAPackage(ROOT + ".lambda..")
              .because("a handler is what Lambda calls"));

  @ParameterizedTest
  @FieldSource("RULES")
  void theHouseKeepsItsRules(ArchRule rule) {
    rule.check(HOUSE);
  }

  @Test
  void theRulesSeeTheWholeHouse() {
    assertThat(Stream.of("domain", "control", "aws", "lambda", "local"))
        .allSatisfy(part ->
            assertThat(HOUSE.stream().map(JavaClass::getPackageName)).contains(ROOT + "." + part));
    assertThat(HOUSE.stream().map(JavaClass::getSimpleName)).doesNotContain("MemoryObjectStore");
  }

  private static ArchCondition<JavaClass> beFinalIfTheyCan() {
    return new ArchCondition<>("be final, or sealed") {
      @Override
      public void check(JavaClass type, ConditionEvents events) {
        boolean open =
            !type.getModifiers().contains(JavaModifier.FINAL) && !type.reflect().isSealed();
        if (open) {
          events.add(SimpleConditionEvent.violated(type, type.getName() + " can be extended"));
        }
      }
    };
  }
}
