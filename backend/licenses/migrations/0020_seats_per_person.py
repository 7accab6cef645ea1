from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('licenses', '0004_tiers'),
    ]

    operations = [
        migrations.AddField(
            model_name='license',
            name='seats_per_person',
            field=models.PositiveIntegerField(null=True),
        ),
    ]
