import java.util.Random;
import org.apache.maven.artifact.versioning.ComparableVersion;

/**
 * Writes maven-vectors.tsv: what Maven's own ComparableVersion says of versions.
 *
 *     apt-get install libmaven3-core-java
 *     java -cp /usr/share/java/maven3-artifact.jar:/usr/share/java/commons-lang3.jar MavenVectors.java > maven-vectors.tsv
 *
 * Rows, parted by tabs: `order  A  <|=|>  B`.
 */
public class MavenVectors {
    static final Random RANDOM = new Random(3);

    static String pick(String... list) {
        return list[RANDOM.nextInt(list.length)];
    }

    static String near() {
        return pick("1", "1.0", "1.0.0", "1.1", "2.0", "1.0.1", "1.2.3.4", "31.1", "5.3.20")
            + pick("", "", "-SNAPSHOT", "-alpha", "-alpha-1", "-a1", ".Final", "-beta2", "-b2", "-M1", ".M1", "-milestone-1", "-rc1", "-cr2", ".RC1", "-RC1", "-RC1-SNAPSHOT", ".RELEASE",
                "-ga", "-sp1", "-1", "-2", ".1-2", "-jre", "-android", ".v20200101", "-redhat-00001", ".Final-redhat-1", "-jenkins-1", "_1", "-0", ".0", "x", "-x1", "-20200101.123456-1");
    }

    static String odd() {
        StringBuilder text = new StringBuilder();
        for (int i = RANDOM.nextInt(5) + 1; i > 0; i--) {
            text.append(pick("0", "1", "2", "10", "01", "00", "alpha", "beta", "rc", "snapshot", "sp", "final", "ga", "foo", "a", "b", "m", "20200101123456789", "x"));
            text.append(pick(".", "-", "", ".", "-", ".."));
        }
        return text.toString();
    }

    public static void main(String[] arguments) {
        for (int i = 0; i < 1400; i++) {
            String a = i % 3 == 0 ? odd() : near();
            String b = i % 3 == 0 || i % 7 == 0 ? odd() : near();
            int order = new ComparableVersion(a).compareTo(new ComparableVersion(b));
            System.out.println("order\t" + a + "\t" + (order < 0 ? "<" : order > 0 ? ">" : "=") + "\t" + b);
        }
    }
}
